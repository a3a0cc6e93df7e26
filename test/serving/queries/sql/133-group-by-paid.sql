-- group by paid
-- engine: direct
-- ordered

SELECT paid, count(*) FROM trips GROUP BY paid ORDER BY 2 DESC, 1 LIMIT 25

-- rows of all
-- [true,551]
-- [false,349]
-- rows of newest
-- [true,327]
-- [false,215]
