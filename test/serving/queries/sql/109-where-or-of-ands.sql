-- where or of ands
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city = 'Oslo' AND status = 'done' OR city = 'Lima' AND NOT paid

-- rows of all
-- [90,24714]
-- rows of newest
-- [57,16355]
