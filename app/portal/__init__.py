"""The roof: pages and jobs that look across the wings."""
