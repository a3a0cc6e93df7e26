-- aggregate filter of nothing
-- engine: direct

SELECT sum(riders) FILTER (WHERE trip < 0), count(*) FILTER (WHERE trip < 0) FROM trips

-- rows of all
-- [null,0]
-- rows of newest
-- [null,0]
