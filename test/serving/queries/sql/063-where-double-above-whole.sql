-- where double above whole
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance > 10

-- rows of all
-- [145,41078]
-- rows of newest
-- [95,27100]
