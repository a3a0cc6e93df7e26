-- from hour 18
-- engine: direct

SELECT count(*), min(started), max(started) FROM trips WHERE started >= TIMESTAMP '2026-03-02 18:00:00' AND started < TIMESTAMP '2026-03-02 23:59:59'

-- rows of all
-- [61,"2026-03-02 18:02:34.0","2026-03-02 23:56:46.138"]
-- rows of newest
-- [32,"2026-03-02 18:02:34.0","2026-03-02 23:56:46.138"]
