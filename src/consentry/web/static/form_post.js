// Sends the answer on to the app. Without this script the button does. Once the page has loaded, and no sooner: there are
// browsers that tell the next page of the loading of this one when it is left before.
window.addEventListener("load", () => document.getElementById("answer").submit());
