DROP TABLE proposal_documents;
DROP TABLE award_proposals;
DROP TABLE rankings;
DROP TABLE tie_decisions;
