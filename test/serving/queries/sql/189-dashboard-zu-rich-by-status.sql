-- dashboard Zürich by status
-- engine: direct
-- ordered

SELECT status AS k, count(*) AS n, sum(fare) AS fare, avg(distance) AS km FROM trips WHERE city = 'Zürich' AND started >= TIMESTAMP '2026-03-01 06:00:00' GROUP BY k ORDER BY k LIMIT 100

-- rows of all
-- ["done",31,"479.93",5.054425]
-- ["lost",14,"269.24",5.671228571428571]
-- ["open",9,"121.37",5.3772777777777785]
-- ["void",8,"111.81",5.3560428571428575]
-- rows of newest
-- ["done",17,"222.18",6.455664705882352]
-- ["lost",9,"105.02",7.414733333333334]
-- ["open",7,"101.62",3.583642857142857]
-- ["void",5,"66.14",6.99846]
