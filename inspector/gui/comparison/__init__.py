"""The page that shows two files side by side: `page` puts its parts in their places."""
