-- city Oslo
-- engine: direct
-- ordered

SELECT status, paid, count(*), sum(riders), min(fare), max(fare), avg(distance) FROM trips WHERE city = 'Oslo' GROUP BY status, paid ORDER BY status, paid LIMIT 100

-- rows of all
-- ["done",false,23,68,"-1.25","79.97",5.773194999999999]
-- ["done",true,33,101,"-1.25","95.26",3.4241593750000003]
-- ["lost",false,6,21,"3","9.99",1.2886333333333333]
-- ["lost",true,9,29,"3","12.5",6.4829]
-- ["open",false,3,11,"3","20.01",16.090866666666667]
-- ["open",true,7,15,"1.44","93.99",7.131771428571428]
-- ["void",false,9,30,"-1.25","24.04",2.8292]
-- ["void",true,6,23,"3","20.01",6.962633333333334]
-- rows of newest
-- ["done",false,15,45,"3","46.91",6.776476923076923]
-- ["done",true,16,54,"3","81.48",4.38595]
-- ["lost",false,5,17,"3","9.99",1.54636]
-- ["lost",true,5,13,"5","9.99",4.444075]
-- ["open",false,1,4,"20.01","20.01",8.4244]
-- ["open",true,2,4,"9.99","93.99",2.6962]
-- ["void",false,5,18,"3","24.04",4.7834]
-- ["void",true,5,19,"3","20.01",6.489320000000001]
