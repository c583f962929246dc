-- A sheet's foreign keys carry its organisation.
DROP INDEX submissions_of_organization;
CREATE UNIQUE INDEX submissions_of_organization ON submissions (organization_id, id);

-- Files by their SHA-256. A file is claimed here before it is stored, so that one that no row refers to can be found and
-- removed; while it is being removed, it cannot be claimed.
CREATE TABLE stored_files (
    sha256 TEXT PRIMARY KEY NOT NULL CHECK (length(sha256) = 64),
    claimed_at TIMESTAMP NOT NULL,
    going BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX stored_files_by_age ON stored_files (claimed_at);

INSERT INTO stored_files (sha256, claimed_at, going)
SELECT sha256, max(attached_at), FALSE FROM proposal_documents WHERE sha256 IS NOT NULL GROUP BY sha256;

CREATE INDEX proposal_documents_by_file ON proposal_documents (sha256);

CREATE TABLE evidence (
    id TEXT PRIMARY KEY NOT NULL,
    organization_id TEXT NOT NULL,
    submission_id TEXT NOT NULL,
    criterion_code TEXT NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('file', 'egov_document')),
    file_name TEXT,
    media_type TEXT,
    size BIGINT CHECK (size > 0),
    sha256 TEXT REFERENCES stored_files (sha256),
    number TEXT,
    issued_on DATE,
    issuer TEXT,
    url TEXT,
    added_by TEXT NOT NULL REFERENCES members (id),
    added_after INTEGER NOT NULL CHECK (added_after >= 0),
    removed_after INTEGER CHECK (removed_after > added_after),
    created_at TIMESTAMP NOT NULL,
    FOREIGN KEY (organization_id, submission_id) REFERENCES submissions (organization_id, id),
    CHECK ((kind = 'file') = (sha256 IS NOT NULL) AND (sha256 IS NULL) = (file_name IS NULL) AND (sha256 IS NULL) = (media_type IS NULL) AND (sha256 IS NULL) = (size IS NULL)),
    CHECK ((kind = 'egov_document') = (number IS NOT NULL) AND (number IS NULL) = (issued_on IS NULL) AND (number IS NULL) = (issuer IS NULL)),
    CHECK (kind = 'egov_document' OR url IS NULL)
);
CREATE INDEX evidence_of_submission ON evidence (submission_id, id);
CREATE INDEX evidence_by_file ON evidence (sha256);
