-- where int against fraction
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders = 2.5

-- rows of all
-- [0,null]
-- rows of newest
-- [0,null]
