-- group where
-- engine: direct
-- ordered

SELECT status, sum(fare), avg(distance) FROM trips WHERE city = 'Oslo' GROUP BY status ORDER BY status LIMIT 10

-- rows of all
-- ["done","1005.53",4.854101818181818]
-- ["lost","132.89",3.468223076923077]
-- ["open","246.56",9.95435]
-- ["void","189.2",5.3035125]
-- rows of newest
-- ["done","788.23",4.704975000000001]
-- ["lost","65.15",1.0714285714285714]
-- ["open","172.66",11.7550375]
-- ["void","171.7",5.809769230769231]
