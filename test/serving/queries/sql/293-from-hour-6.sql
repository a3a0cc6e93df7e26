-- from hour 6
-- engine: direct

SELECT count(*), min(started), max(started) FROM trips WHERE started >= TIMESTAMP '2026-03-02 06:00:00' AND started < TIMESTAMP '2026-03-02 11:59:59'

-- rows of all
-- [67,"2026-03-02 06:14:07.0","2026-03-02 11:52:46.0"]
-- rows of newest
-- [44,"2026-03-02 06:14:07.0","2026-03-02 11:52:46.0"]
