-- group where
-- engine: direct
-- ordered

SELECT status, sum(fare), avg(distance) FROM trips WHERE city = 'Oslo' GROUP BY status ORDER BY status LIMIT 10

-- rows of all
-- ["done","1065.6",4.327634615384616]
-- ["lost","113.19",4.256785714285714]
-- ["open","214.83",9.8195]
-- ["void","149.3",4.600671428571428]
-- rows of newest
-- ["done","627.97",5.457565517241379]
-- ["lost","73.2",2.834233333333333]
-- ["open","123.99",4.6056]
-- ["void","123.06",5.731133333333334]
