"""What reports and simulations have counted: as tables, as JSON, as rows of a spreadsheet, as a page."""
