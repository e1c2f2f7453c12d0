"""What each page shows: one frozen record per page, named after its template.

A record holds exactly what its template reads, already decided and already in plain words: no page asks a
store, a catalog or a role for anything. `consentry.web.pages.render` puts a record into its page.
"""
