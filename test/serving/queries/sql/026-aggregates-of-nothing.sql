-- aggregates of nothing
-- engine: direct

SELECT count(*), sum(riders), avg(distance), min(fare), max(started) FROM trips WHERE trip < 0

-- rows of all
-- [0,null,null,null,null]
-- rows of newest
-- [0,null,null,null,null]
