DROP TABLE evidence;
DROP INDEX proposal_documents_by_file;
DROP TABLE stored_files;
DROP INDEX submissions_of_organization;
CREATE INDEX submissions_of_organization ON submissions (organization_id, id);
