-- where int between
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders BETWEEN 2 AND 3

-- rows of all
-- [371,100592]
-- rows of newest
-- [213,57977]
