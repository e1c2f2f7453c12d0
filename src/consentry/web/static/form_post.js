// Sends the answer on to the app. Without this script the button does.
document.getElementById("answer").submit();
