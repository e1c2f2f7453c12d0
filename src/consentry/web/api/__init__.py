"""The management API: JSON over HTTP for operators, and for those who hold a managing permission."""
