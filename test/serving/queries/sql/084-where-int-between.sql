-- where int between
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders BETWEEN 2 AND 3

-- rows of all
-- [369,102340]
-- rows of newest
-- [223,62681]
