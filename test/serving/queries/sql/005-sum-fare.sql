-- sum fare
-- engine: direct

SELECT sum(fare) FROM trips

-- rows of all
-- ["15762.11"]
-- rows of newest
-- ["9999.06"]
