-- where constant left
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE 3 < riders

-- rows of all
-- [369,104257]
-- rows of newest
-- [226,66468]
