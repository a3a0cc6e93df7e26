-- where double above whole
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance > 10

-- rows of all
-- [145,42538]
-- rows of newest
-- [92,27129]
