-- count column
-- engine: direct

SELECT count(city), count(distance), count(note) FROM trips

-- rows of all
-- [852,834,634]
-- rows of newest
-- [514,506,377]
