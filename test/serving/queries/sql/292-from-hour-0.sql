-- from hour 0
-- engine: direct

SELECT count(*), min(started), max(started) FROM trips WHERE started >= TIMESTAMP '2026-03-02 00:00:00' AND started < TIMESTAMP '2026-03-02 05:59:59'

-- rows of all
-- [45,"2026-03-02 00:07:58.0","2026-03-02 05:58:47.0"]
-- rows of newest
-- [26,"2026-03-02 00:10:42.0","2026-03-02 05:45:58.0"]
