DROP TABLE council_attendance;
DROP TABLE council_sessions;
DROP TABLE review_scores;
DROP TABLE reviews;
