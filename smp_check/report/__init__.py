"""Reports: comparison -> view model -> text; templates are found here."""
