-- max city
-- engine: direct

SELECT max(city) FROM trips

-- rows of all
-- ["Zürich"]
-- rows of newest
-- ["Zürich"]
