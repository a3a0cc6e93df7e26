-- where constant left
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE 3 < riders

-- rows of all
-- [346,97229]
-- rows of newest
-- [213,62759]
