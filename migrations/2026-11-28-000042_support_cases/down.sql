DROP TABLE IF EXISTS support_case_notes;
DROP TABLE IF EXISTS support_cases;
