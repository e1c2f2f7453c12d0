"""The root URLconf of a project that serves its metadata by itself. Imported when there is a guard."""

from consentry.guard.django import metadata_urls

urlpatterns = metadata_urls()
