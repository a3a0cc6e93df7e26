-- dashboard Berlin by status
-- engine: direct
-- ordered

SELECT status AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Berlin' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- ["done",31,"700.89",4.2994892857142855]
-- ["lost",17,"315.97",5.043770588235295]
-- ["open",13,"271.85",2.411983333333333]
-- ["void",19,"429.12",3.1245058823529415]
-- rows of newest
-- ["done",18,"400.09",5.4365466666666675]
-- ["lost",10,"153.72",5.49545]
-- ["open",7,"184.55",1]
-- ["void",10,"287.19",2.162575]
