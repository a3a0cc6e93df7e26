-- where int not between
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders NOT BETWEEN 2 AND 3

-- rows of all
-- [531,149699]
-- rows of newest
-- [319,93173]
