-- where or of ands
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city = 'Oslo' AND status = 'done' OR city = 'Lima' AND NOT paid

-- rows of all
-- [90,24759]
-- rows of newest
-- [58,15904]
