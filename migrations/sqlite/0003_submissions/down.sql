DROP TABLE revisions;
DROP TABLE scores;
DROP TABLE submissions;
