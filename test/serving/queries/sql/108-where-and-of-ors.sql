-- where and of ors
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE (city = 'Oslo' OR city = 'Lima') AND (status = 'done' OR paid)

-- rows of all
-- [152,41178]
-- rows of newest
-- [90,26261]
