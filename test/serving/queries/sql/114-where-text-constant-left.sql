-- where text constant left
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE 'Berlin' = city

-- rows of all
-- [85,24539]
-- rows of newest
-- [48,13910]
