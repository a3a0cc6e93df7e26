-- avg distance
-- engine: direct

SELECT avg(distance) FROM trips

-- rows of all
-- [5.002156235011993]
-- rows of newest
-- [5.164139525691698]
