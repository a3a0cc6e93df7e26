-- order by constant expression
-- engine: direct
-- ordered

SELECT status, count(*) AS n FROM trips GROUP BY status ORDER BY n * 2 DESC, status LIMIT 10

-- rows of all
-- ["done",439]
-- ["lost",161]
-- ["void",154]
-- ["open",146]
-- rows of newest
-- ["done",269]
-- ["lost",96]
-- ["void",92]
-- ["open",85]
