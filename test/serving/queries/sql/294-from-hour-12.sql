-- from hour 12
-- engine: direct

SELECT count(*), min(started), max(started) FROM trips WHERE started >= TIMESTAMP '2026-03-02 12:00:00' AND started < TIMESTAMP '2026-03-02 17:59:59'

-- rows of all
-- [56,"2026-03-02 12:12:28.09","2026-03-02 17:59:10.0"]
-- rows of newest
-- [29,"2026-03-02 12:12:28.09","2026-03-02 17:59:10.0"]
