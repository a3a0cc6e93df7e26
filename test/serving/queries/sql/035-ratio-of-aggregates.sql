-- ratio of aggregates
-- engine: direct

SELECT sum(distance) / count(distance) FROM trips

-- rows of all
-- [5.002156235011993]
-- rows of newest
-- [5.164139525691698]
