forms = {}
