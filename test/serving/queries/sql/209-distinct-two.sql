-- distinct two
-- engine: direct
-- ordered

SELECT DISTINCT status, paid FROM trips ORDER BY status, paid LIMIT 100

-- rows of all
-- ["done",false]
-- ["done",true]
-- ["lost",false]
-- ["lost",true]
-- ["open",false]
-- ["open",true]
-- ["void",false]
-- ["void",true]
-- rows of newest
-- ["done",false]
-- ["done",true]
-- ["lost",false]
-- ["lost",true]
-- ["open",false]
-- ["open",true]
-- ["void",false]
-- ["void",true]
