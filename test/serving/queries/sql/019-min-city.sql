-- min city
-- engine: direct

SELECT min(city) FROM trips

-- rows of all
-- ["Accra"]
-- rows of newest
-- ["Accra"]
