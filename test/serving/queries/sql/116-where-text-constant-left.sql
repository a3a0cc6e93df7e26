-- where text constant left
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE 'Berlin' = city

-- rows of all
-- [90,25249]
-- rows of newest
-- [49,13216]
