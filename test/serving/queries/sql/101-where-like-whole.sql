-- where like whole
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE status LIKE 'done'

-- rows of all
-- [432,120031]
-- rows of newest
-- [252,72743]
