DROP TABLE council_attendance;
DROP TABLE council_sessions;
DROP TABLE review_scores;
DROP TABLE reviews;
DROP FUNCTION review_scores_no_update();
DROP FUNCTION review_scores_no_delete();
