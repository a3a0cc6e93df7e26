-- dashboard Lima by status
-- engine: direct
-- ordered

SELECT status AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Lima' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- ["done",38,"630.75",4.8388277777777775]
-- ["lost",13,"257.04",3.6370692307692307]
-- ["open",21,"287.13",4.737257894736842]
-- ["void",15,"199.61",6.397533333333333]
-- rows of newest
-- ["done",22,"433.41",5.744535000000001]
-- ["lost",10,"221.53",4.37819]
-- ["open",15,"233.41",6.036278571428572]
-- ["void",12,"169.87",6.497708333333333]
