-- group by paid
-- engine: direct
-- ordered

SELECT paid, count(*) FROM trips GROUP BY paid ORDER BY 2 DESC, 1 LIMIT 25

-- rows of all
-- [true,559]
-- [false,341]
-- rows of newest
-- [true,324]
-- [false,209]
