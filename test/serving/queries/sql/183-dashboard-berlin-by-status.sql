-- dashboard Berlin by status
-- engine: direct
-- ordered

SELECT status AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Berlin' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- ["done",34,"758.2",5.12631935483871]
-- ["lost",20,"327.97",6.135415789473685]
-- ["open",12,"182.14",3.905781818181818]
-- ["void",20,"546.83",3.1731444444444445]
-- rows of newest
-- ["done",23,"567.53",5.280271428571429]
-- ["lost",11,"142.19",5.18826]
-- ["open",5,"71.65",5.25495]
-- ["void",9,"311.16",5.327075]
