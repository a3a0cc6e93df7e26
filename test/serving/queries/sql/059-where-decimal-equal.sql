-- where decimal equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE fare = 12.5

-- rows of all
-- [107,31116]
-- rows of newest
-- [60,17450]
