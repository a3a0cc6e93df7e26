-- where and of ors
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE (city = 'Oslo' OR city = 'Lima') AND (status = 'done' OR paid)

-- rows of all
-- [143,42490]
-- rows of newest
-- [87,26431]
